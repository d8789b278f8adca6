Feature: What nobody can explain yet waits in suspense, and the two accounts at Stripe are proved each day

  Background:
    Given travel cards are switched on
    And the organisation books a mother's and her boy's way home

  Scenario: A charge that no ticket explains waits in suspense, belongs to somebody, and is explained
    When the award is released
    And the desk pays with the card and writes down no ticket
    Then the charge lies in suspense, and finance as a whole is to explain it
    And both accounts are proved, and nothing differs
    When finance gives the charge to Ben
    And the ticket of that price is written down
    Then nothing lies in suspense
    And both accounts are proved, and nothing differs
    And the books balance

  Scenario: Money that came to the cards' balance is in the books
    When the cards' balance is topped up from the bank
    Then both accounts are proved, and nothing differs
    And the books balance
