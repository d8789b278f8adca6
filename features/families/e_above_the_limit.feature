Feature: A family above the income limit asks for fares only
  No source can pay. A named person says so, once, kindly.

  Scenario: Nothing is said until a person confirms it, and then one letter goes out
    Given Ana enters the family of story e
    When the request is checked
    Then it waits for a person to confirm the refusal
    And no letter has been made
    When Ana confirms the refusal
    Then one kind letter is made, signed by Ana Whitfield
    And the books balance
