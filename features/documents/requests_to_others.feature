Feature: A partner is told what the family agreed to, and nothing beside it
  A room from a partner needs a guest's name and a night. Nobody gives either away but the guest.

  Scenario: Asked, signed, told, and taken back
    Given a boy's mother who needs a room that a partner gives
    When Ana asks the partner for it
    Then it is refused: one person still has to sign
    When Ana asks the mother, and she signs on paper
    And Ana asks the partner for it
    Then the partner's paper names the mother and the night, and nobody else
    And the family's page says that the partner was told
    When the mother takes it back
    And Ana asks the partner for it
    Then it is refused: one person still has to sign
    And the paper that was made is not handed out any more
