Feature: The rules are changed by two people, and every change can be read afterwards
  Whoever writes a rule does not bring it into force. What was decided stays decided.

  Scenario: Nobody approves what they wrote
    Given Noor has submitted the domestic fund's rules in other words
    When Noor approves them
    Then it is refused, because somebody else must approve
    When Ada approves them
    Then the domestic fund answers by the new words

  Scenario: Whoever covers for the author counts as the author
    Given Noor has submitted the domestic fund's rules in other words
    And Sam covers for Noor while she is on holiday
    When Sam approves them
    Then it is refused, because somebody else must approve

  Scenario: What changes an answer is first tried on the past
    Given Noor has submitted a new review date for the domestic fund
    When Ada approves them
    Then it is refused, because nobody has seen what it would have answered in the past
    When the past has been replayed
    And Ada approves them
    Then the domestic fund answers by the new rules

  Scenario: A text that cannot be read is kept, and never comes into force
    Given Noor has written a rule for the domestic fund about a fact nobody knows of
    When Noor submits it
    Then she is told which fact is not known
    And her text is still there
    And the domestic fund answers by the old rules

  Scenario: A rule that does harm is stopped within the minute
    Given a family whose trip the domestic fund may pay
    And Noor asks to suspend the domestic fund's rules
    Then the domestic fund still answers by itself
    When Noor confirms the suspension
    Then it is refused, because somebody else must confirm
    When Ada confirms the suspension
    Then a person decides about the domestic fund for the next family
    And the first family keeps its answer

  Scenario: Suspended rules answer again when two people say so
    Given the domestic fund's rules are suspended
    When Noor asks to resume them and Ada confirms
    Then the domestic fund answers the next family by itself
